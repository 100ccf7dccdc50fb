"""Cloud Build's substitutions: $NAME, ${NAME}, $$, and with dynamic substitutions the string operators of bash.

The operators are bash's by definition, so bash itself computes them, with the value in a variable and never in the program text.
"""
import re
import subprocess

USER_NAME = re.compile(r"_[A-Z0-9_]+")
# What Cloud Build always defines, though possibly as "".
BUILT_IN = (
    "PROJECT_ID BUILD_ID PROJECT_NUMBER LOCATION TRIGGER_NAME COMMIT_SHA REVISION_ID SHORT_SHA REPO_NAME REPO_FULL_NAME BRANCH_NAME"
    " TAG_NAME REF_NAME TRIGGER_BUILD_CONFIG_PATH SERVICE_ACCOUNT_EMAIL SERVICE_ACCOUNT"
).split()
REFERENCE = re.compile(r"\$(?:(\$)|\{([A-Z_][A-Z0-9_]*)((?:[:#%/^,][^}$`]*)?)\}|([A-Z_][A-Z0-9_]*))")


class SubstitutionError(Exception):
    """The build would be refused."""


def operate(value, operator):
    script = 'printf %s "${VALUE' + operator + '}"'
    done = subprocess.run(["bash", "-c", script], env={"VALUE": value, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True)
    if done.returncode:
        raise SubstitutionError(f"bad operator '{operator}': {done.stderr.strip()}")
    return done.stdout


class Substitutions:
    def __init__(self, built_in, defaults, given, dynamic, loose):
        for name in [*defaults, *(n for n in given if n not in BUILT_IN)]:
            if not USER_NAME.fullmatch(name):
                raise SubstitutionError(f"'{name}' is no name for a user's substitution")
        self.dynamic, self.loose, self.used = dynamic, loose, set()
        self.values = {**{name: "" for name in BUILT_IN}, **built_in, **defaults, **given}
        self.user = [*defaults]
        if dynamic:
            self._resolve([name for name in defaults if name not in given])

    def _resolve(self, names):
        """User's substitutions may name one another; a circle is an error."""
        raw = {name: self.values[name] for name in names}
        done, open_ = set(), []

        def resolve(name):
            if name in done or name not in raw:
                return
            if name in open_:
                raise SubstitutionError(f"'{name}' refers to itself")
            open_.append(name)
            for found in REFERENCE.finditer(raw[name]):
                resolve(found[2] or found[4] or "")
            self.values[name] = self.expand(raw[name])
            open_.pop()
            done.add(name)

        for name in names:
            resolve(name)

    def expand(self, text):
        def replace(found):
            if found[1]:
                return "$"
            name, operator = found[2] or found[4], found[3]
            if operator and not self.dynamic:
                raise SubstitutionError(f"'{found[0]}' needs dynamicSubstitutions")
            self.used.add(name)
            if name not in self.values:
                if not self.loose:
                    raise SubstitutionError(f"'{name}' is no known substitution")
                return operate("", operator) if operator else ""
            value = self.values[name]
            return operate(value, operator) if operator else value

        return REFERENCE.sub(replace, text)

    def check_all_used(self):
        unused = sorted(set(self.user) - self.used)
        if unused and not self.loose:
            raise SubstitutionError(f"'{unused[0]}' is not used by the build")

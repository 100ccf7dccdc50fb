#include "sandbox/stub/handover.h"

#include <initializer_list>
#include <type_traits>

#include "sandbox/stub/text.h"

namespace cooper::sandbox::stub {
namespace {

// Each number in order, by whoever writes or reads it.
template <typename Visit>
void visit(Handover& handover, Visit next) {
  Credentials& who = handover.identity.credentials;
  next(handover.program_fd);
  next(handover.secure);
  for (Ids* ids : {&who.uid, &who.gid}) {
    next(ids->real);
    next(ids->effective);
    next(ids->saved);
    next(ids->file_system);
  }
  next(who.effective);
  next(who.permitted);
  next(who.inheritable);
  next(who.bounding);
  next(who.ambient);
  next(who.group_count);
  for (std::uint32_t i = 0; i < who.group_count && i < kMaxGroups; ++i) next(who.groups[i]);
}

}  // namespace

void write_state(const Handover& handover, char* text, std::size_t size) {
  Writer writer(text, size);
  visit(const_cast<Handover&>(handover),
        [&](const auto& value) { writer.number(static_cast<std::uint64_t>(value), 16).add(","); });
}

void read_state(const char* text, Handover& handover) {
  visit(handover, [&](auto& value) {
    value = static_cast<std::remove_reference_t<decltype(value)>>(read_number(text, 16));
    if (*text == ',') ++text;
  });
}

}  // namespace cooper::sandbox::stub

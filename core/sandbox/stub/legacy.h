// Calls that only older architectures have: each is another one with fewer arguments.
#pragma once

#include "sandbox/stub/calls.h"
#include "sandbox/stub/dispatch.h"
#include "sandbox/stub/handlers.h"

namespace cooper::sandbox::stub {

#ifdef SYS_open
long on_stat(Call& call);
long on_lstat(Call& call);
long on_open(Call& call);
long on_creat(Call& call);
long on_access(Call& call);
long on_readlink(Call& call);
long on_mkdir(Call& call);
long on_mknod(Call& call);
long on_rmdir(Call& call);
long on_unlink(Call& call);
long on_rename(Call& call);
long on_link(Call& call);
long on_symlink(Call& call);
long on_chmod(Call& call);
long on_chown(Call& call);
long on_lchown(Call& call);
long on_utime(Call& call);
long on_utimes(Call& call);
long on_futimesat(Call& call);

inline constexpr Row kLegacyRows[] = {
    {SYS_stat, When::kAlways, on_stat},           {SYS_lstat, When::kAlways, on_lstat},
    {SYS_open, When::kAlways, on_open},           {SYS_creat, When::kAlways, on_creat},
    {SYS_access, When::kAlways, on_access},       {SYS_readlink, When::kAlways, on_readlink},
    {SYS_mkdir, When::kAlways, on_mkdir},         {SYS_mknod, When::kAlways, on_mknod},
    {SYS_rmdir, When::kAlways, on_rmdir},         {SYS_unlink, When::kAlways, on_unlink},
    {SYS_rename, When::kAlways, on_rename},       {SYS_link, When::kAlways, on_link},
    {SYS_symlink, When::kAlways, on_symlink},     {SYS_chmod, When::kAlways, on_chmod},
    {SYS_chown, When::kAlways, on_chown},         {SYS_lchown, When::kAlways, on_lchown},
    {SYS_utime, When::kAlways, on_utime},         {SYS_utimes, When::kAlways, on_utimes},
    {SYS_futimesat, When::kAlways, on_futimesat}, {SYS_dup2, When::kReserved1, on_reserved},
    {SYS_uselib, When::kAlways, on_missing},
};
#else
inline constexpr std::array<Row, 0> kLegacyRows{};
#endif

}  // namespace cooper::sandbox::stub

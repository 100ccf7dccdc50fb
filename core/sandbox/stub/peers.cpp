#include "sandbox/stub/peers.h"

#include <linux/capability.h>
#include <sys/uio.h>

#include "sandbox/stub/calls.h"

namespace cooper::sandbox::stub {
namespace {

bool is_one_of(const Ids& ids, std::uint32_t id) {
  return id == ids.real || id == ids.effective || id == ids.saved;
}

}  // namespace

void show_peer(Peer& peer, bool effective) {
  Credentials other;
  const Credentials& who =
      peer.process > 0 && read_credentials(peer.process, other) ? other : identity().credentials;
  if (peer.uid == board().host_uid) peer.uid = effective ? who.uid.effective : who.uid.real;
  if (peer.gid == board().host_gid) peer.gid = effective ? who.gid.effective : who.gid.real;
}

long check_peer(Peer& peer) {
  const Credentials& who = identity().credentials;
  if (!is_one_of(who.uid, peer.uid) && !has_capability(CAP_SETUID)) return -EPERM;
  if (!is_one_of(who.gid, peer.gid) && !has_capability(CAP_SETGID)) return -EPERM;
  peer.uid = board().host_uid;
  peer.gid = board().host_gid;
  return 0;
}

}  // namespace cooper::sandbox::stub

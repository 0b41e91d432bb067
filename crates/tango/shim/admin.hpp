// The device that administrates the server, where it must not end.
#ifndef NXT_ADMIN_HPP
#define NXT_ADMIN_HPP

#include "shim.hpp"

namespace nxt {

// Takes note of the commands that make devices again.
void watch_restarts(Tango::DServer &);

// A device is made.
void note_device();

// Whether the server may end now; then its devices are not made again any more.
bool begin_end();

} // namespace nxt
#endif

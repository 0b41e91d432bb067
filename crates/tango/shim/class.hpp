// The classes of a server.
#ifndef NXT_CLASS_HPP
#define NXT_CLASS_HPP

#include "shim.hpp"

namespace nxt {

// Makes all classes; called by cppTango when the server starts, and when it starts again.
void make_classes(Tango::DServer *);

} // namespace nxt
#endif

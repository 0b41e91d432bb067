#ifndef NXT_LOGGING_HPP
#define NXT_LOGGING_HPP

#include "shim.hpp"

namespace nxt {

// Has what cppTango itself logs told to Rust.
void listen_to_core_logger();

} // namespace nxt
#endif

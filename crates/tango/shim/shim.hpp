// What the files of the shim share.
#ifndef NXT_SHIM_HPP
#define NXT_SHIM_HPP

#if __has_include(<tango/tango.h>)
#include <tango/tango.h>
#else
#include <tango.h>
#endif

#include <string>
#include <vector>

#include "server.h"

// What a callback answered.
struct nxt_reply {
  struct Error {
    std::string reason, desc, origin;
  };
  int64_t number = 0;
  std::vector<int64_t> numbers;
  std::vector<std::string> texts;
  std::vector<Error> errors;
  bool unanswered = false;

  // The scalar text.
  const char *text() const { return texts.empty() ? "" : texts.front().c_str(); }
  // Throws what the client shall get, if the callback failed. Only after it has returned: no
  // exception may pass through Rust.
  void check() const;
};

namespace nxt {

inline std::string copy(nxt_text text) {
  return text.length ? std::string(text.text, text.length) : std::string();
}
inline std::vector<std::string> copy(nxt_texts texts) {
  std::vector<std::string> copies;
  for (size_t k = 0; k < texts.count; k++)
    copies.push_back(copy(texts.texts[k]));
  return copies;
}
inline nxt_text view(const std::string &text) { return nxt_text{text.data(), text.size()}; }
inline nxt_text view(const char *text) { return nxt_text{text, text ? strlen(text) : 0}; }

// Adds what was caught to the sink: the levels of a failure of Tango, or one level for anything else.
void add_errors(const nxt_sink &, const Tango::DevFailed &);
void add_error(const nxt_sink &, const char *reason, const char *desc);

// Does something that may fail, in any thread, and returns its status. Threads that omniORB did not make need
// an identity of it as long as they call it.
template <class Function> int32_t call_guarded(const nxt_sink &sink, Function function) noexcept {
  try {
    omni_thread::ensure_self identity;
    try {
      return function();
    } catch (const Tango::DevFailed &failure) {
      add_errors(sink, failure);
    } catch (const CORBA::Exception &exception) {
      add_error(sink, "API_CorbaException", exception._name());
    } catch (const std::exception &exception) {
      add_error(sink, "API_StdException", exception.what());
    }
  } catch (...) {
    add_error(sink, "API_UnknownException", "unknown exception");
  }
  return -1;
}

// The server as Rust describes it, from nxt_run on.
const nxt_server &server();

// Makes all classes; called by cppTango when the server starts, and when it starts again.
void make_classes(Tango::DServer *);

// Has what cppTango itself logs told to Rust.
void listen_to_core_logger();

// Keeps what nxt_restore_exports tells the database, once the server has all its devices.
void store_admin_export();

// Takes note of the commands that make devices again.
void guard_restarts(Tango::DServer &);
// Takes note of a device that is made.
void note_created_device();
// Whether the server may end now; then its devices are not made again any more.
bool begin_shutdown();

} // namespace nxt
#endif

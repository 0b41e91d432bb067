// Declarations that the files of the shim share.
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

// The reply of a callback.
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
  // Throws the error of the client if the callback failed. Called after the callback has returned, because no
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

// Add an exception to the sink: the levels of a failure of Tango, or one level for anything else.
void add_errors(const nxt_sink &, const Tango::DevFailed &);
void add_error(const nxt_sink &, const char *reason, const char *desc);

// Calls a function that may throw, in any thread, and returns its status. A thread that omniORB did not
// create needs an identity as long as it calls omniORB.
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

// Returns the description of the server, from nxt_run on.
const nxt_server &server();

// Creates the server, which connects to the database. The signals of the process stay those of the program.
Tango::Util *init_tango(int argc, char **argv);

// Creates all classes. cppTango calls it when the server starts, and when it restarts.
void make_classes(Tango::DServer *);

// Forwards the logs of cppTango itself to Rust.
void listen_to_core_logger();

// Stores the export of the device of administration for nxt_restore_exports, once the server has all its
// devices.
void store_admin_export();

// Counts the commands that create devices again.
void guard_restarts(Tango::DServer &);
// Notes that a device was created.
void note_created_device();
// Returns true if the server may end now. Its devices are never created again then.
bool begin_shutdown();

} // namespace nxt
#endif

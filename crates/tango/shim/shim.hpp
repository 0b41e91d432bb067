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

#include "bridge.h"

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
inline nxt_text view(const std::string &text) { return nxt_text{text.data(), text.size()}; }
inline nxt_text view(const char *text) { return nxt_text{text, text ? strlen(text) : 0}; }

// The server as Rust describes it, from nxt_run on.
const nxt_server &server();

// Keeps what nxt_recall tells the database, once the server has all its devices.
void remember_admin();

// The errors of a failure in one line, the innermost first.
std::string describe(const Tango::DevFailed &);

// Does something that may fail, in any thread. Threads that omniORB did not make need an identity of
// it as long as they call it.
template <class Function> int32_t guarded(nxt_sink sink, void *context, Function function) noexcept {
  std::string problem;
  try {
    omni_thread::ensure_self identity;
    try {
      return function();
    } catch (const Tango::DevFailed &error) {
      problem = describe(error);
    } catch (const CORBA::Exception &error) {
      problem = std::string("CORBA exception ") + error._name();
    } catch (const std::exception &error) {
      problem = error.what();
    } catch (...) {
      problem = "unknown exception";
    }
    if (sink)
      sink(context, 1, view(problem));
  } catch (...) {
    // Not even memory for the text.
  }
  return -1;
}

template <class Function> int32_t guarded(Function function) noexcept {
  return guarded(nullptr, nullptr, function);
}

} // namespace nxt
#endif

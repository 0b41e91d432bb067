// Signals belong to the program, not to cppTango.
#include "shim.hpp"

#include <csignal>
#include <pthread.h>
#include <unistd.h>

// It is not part of `tango.h`. Its place depends on the release: first 10, then 9.3 as Debian installs it, then 9.3.
#if __has_include(<tango/server/dserversignal.h>)
#include <tango/server/dserversignal.h>
#elif __has_include(<tango/dserversignal.h>)
#include <tango/dserversignal.h>
#else
#include <dserversignal.h>
#endif

// cppTango starts a thread that takes SIGHUP, SIGINT, SIGQUIT and SIGTERM with `sigwait`, though the program
// handles them. The kernel gives a signal to a thread of the program if it can. But `sigwait` takes any signal
// that is still pending when it is called: one that came just before the thread began, or while the process was
// stopped. cppTango then ends the process while it starts ("Tango is not initialised", or SIGKILL), or removes
// the devices during their scans. No function of cppTango prevents that. The linker prefers symbols of the
// program to those of libc, so cppTango calls this function, and its thread waits for ever.
//
// When the process ends, cppTango 10 sends SIGINT to that thread and joins it, and ignores that it cannot join a
// thread that is detached. If it already joins, the thread ends because of the signal, as cppTango wants.
extern "C" __attribute__((used, visibility("default"))) int sigwait(const sigset_t *, int *signal) {
  if (pthread_detach(pthread_self()) != 0) {
    *signal = SIGINT;
    return 0;
  }
  for (;;)
    pause();
}

namespace {

// Keeps what the program does with signals. cppTango sets SIGINT and SIGQUIT to their default action when it
// creates the object that handles signals: with the first call of `instance` in 9.3, in `init` in later releases.
class SignalActions {
public:
  SignalActions() {
    sigaction(SIGINT, nullptr, &interrupt);
    sigaction(SIGQUIT, nullptr, &quit);
  }
  void restore() const {
    sigaction(SIGINT, &interrupt, nullptr);
    sigaction(SIGQUIT, &quit, nullptr);
  }

private:
  struct sigaction interrupt, quit;
};

} // namespace

Tango::Util *nxt::init_tango(int argc, char **argv) {
  SignalActions actions;
  // Now, because `init` may wait for the database as long as it is away.
  Tango::DServerSignal *signals = Tango::DServerSignal::instance();
  // At once: a signal that comes while the thread is waited for must not end the process.
  actions.restore();
  // Waits until the thread runs: if the process ended before, cppTango 10 would send a signal to no thread.
  signals->get_sig_thread_pid();
  actions.restore();
  Tango::Util *util = Tango::Util::init(argc, argv);
  actions.restore();
  return util;
}

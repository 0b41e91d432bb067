// The logs of cppTango and of the devices.
#include "device.hpp"

#include <stdexcept>

namespace {

class Appender : public log4tango::Appender {
public:
  Appender() : log4tango::Appender("rust") {}
  bool requires_layout() const override { return false; }
  void set_layout(log4tango::Layout *layout) override { delete layout; }
  void close() override {}

protected:
  int _append(const log4tango::LoggingEvent &event) override {
    nxt::server().callbacks.log(event.level, nxt::view(event.logger_name),
                                nxt::view(event.message));
    return 0;
  }
};

log4tango::Logger &existing(log4tango::Logger *logger) {
  if (!logger)
    throw std::runtime_error("there is no logger");
  return *logger;
}

template <class Function> int32_t with_logger(nxt_device number, const nxt_sink &sink, Function function) {
  return nxt::call_guarded(sink, [=]() -> int32_t {
    if (number == 0)
      return function(existing(Tango::Logging::get_core_logger()));
    nxt::DevicePin pin(number);
    return function(existing(pin.device().get_logger()));
  });
}

} // namespace

void nxt::listen_to_core_logger() {
  if (log4tango::Logger *logger = Tango::Logging::get_core_logger())
    logger->add_appender(new Appender());
}

int32_t nxt_log_level(nxt_device number, nxt_sink sink) {
  return with_logger(number, sink, [](log4tango::Logger &logger) -> int32_t { return logger.get_level(); });
}

int32_t nxt_set_log_level(nxt_device number, int32_t level, nxt_sink sink) {
  return with_logger(number, sink, [=](log4tango::Logger &logger) {
    logger.set_level(static_cast<log4tango::Level::Value>(level));
    return 0;
  });
}

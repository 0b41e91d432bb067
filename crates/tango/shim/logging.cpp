#include "logging.hpp"

#include "device.hpp"

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

template <class Function> int32_t with_logger(nxt_device number, Function function) {
  return nxt::guarded([=]() -> int32_t {
    if (number == 0) {
      log4tango::Logger *logger = Tango::Logging::get_core_logger();
      return logger ? function(*logger) : -1;
    }
    nxt::Pin pin(number);
    log4tango::Logger *logger = pin.device().get_logger();
    return logger ? function(*logger) : -1;
  });
}

} // namespace

void nxt::listen_to_core_logger() {
  if (log4tango::Logger *logger = Tango::Logging::get_core_logger())
    logger->add_appender(new Appender());
}

int32_t nxt_log_level(nxt_device number) {
  return with_logger(number, [](log4tango::Logger &logger) -> int32_t { return logger.get_level(); });
}

void nxt_set_log_level(nxt_device number, int32_t level) {
  with_logger(number, [=](log4tango::Logger &logger) {
    logger.set_level(static_cast<log4tango::Level::Value>(level));
    return 0;
  });
}

// A device, and how it is found by its number.
#ifndef NXT_DEVICE_HPP
#define NXT_DEVICE_HPP

#include "shim.hpp"

namespace nxt {

class Device : public TANGO_BASE_CLASS {
public:
  Device(Tango::DeviceClass *device_class, const char *name, uint32_t class_index);
  ~Device() override;

  nxt_device number() const { return own_number; }
  const nxt_class &definition() const { return server().classes[class_index]; }

  // The command Init. cppTango deletes a device before it initialises it again; ours is asked first
  // and may refuse, so it is removed by the destructor alone.
  void init_device() override;
  void delete_device() override {}

  // Both are called by many threads at once, and store nothing in the device.
  Tango::DevState dev_state() override;
  Tango::ConstDevString dev_status() override;

private:
  nxt_device own_number;
  uint32_t class_index;
};

// Finds a device, which is not destroyed as long as the pin lives. What is done meanwhile may wait for
// Tango, but not for a callback.
class DevicePin {
public:
  explicit DevicePin(nxt_device);
  ~DevicePin();
  DevicePin(const DevicePin &) = delete;
  DevicePin &operator=(const DevicePin &) = delete;
  bool is_there() const { return found != nullptr; }
  // Throws if there is no such device (any more).
  Device &device() const;

private:
  nxt_device number;
  Device *found;
};

// Those that are there at this moment.
std::vector<nxt_device> all_devices();

// Makes the value of a reply that of an attribute.
void set_value(const nxt_attribute &, Tango::Attribute &, const nxt_reply &);

// The commands and attributes of a class.
Tango::Command *new_command(uint32_t index, const nxt_command &);
Tango::Attr *new_attribute(uint32_t index, const nxt_attribute &);

} // namespace nxt
#endif

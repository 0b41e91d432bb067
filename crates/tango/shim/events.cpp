// Events, which clients receive without asking.
#include <memory>

#include "device.hpp"

int32_t nxt_has_listeners(nxt_device number, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    nxt::DevicePin pin(number);
    return pin.device().has_its_listeners() ? 1 : 0;
  });
}

int32_t nxt_push_state(nxt_device number, int32_t state, nxt_text status, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    nxt::DevicePin pin(number);
    nxt::Device &device = pin.device();
    // cppTango takes the values of these two attributes from the device.
    device.set_state(static_cast<Tango::DevState>(state));
    device.set_status(nxt::copy(status));
    for (const char *name : {"State", "Status"}) {
      Tango::Attribute &attribute = device.get_device_attr()->get_attr_by_name(name);
      omni_mutex_lock guard(*attribute.get_attr_mutex());
      attribute.fire_change_event();
    }
    return 0;
  });
}

int32_t nxt_push(nxt_device number, uint32_t index, const nxt_reply *value, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    nxt::DevicePin pin(number);
    nxt::Device &device = pin.device();
    const nxt_attribute &definition = device.definition().attributes[index];
    Tango::Attribute &attribute =
        device.get_device_attr()->get_attr_by_name(nxt::copy(definition.name).c_str());
    // A client may be writing the attribute, at which cppTango drops the value that is set here. Only threads
    // that write or initialise hold this monitor, not those that read.
    std::unique_ptr<Tango::AutoTangoMonitor> no_writer;
    if (definition.writable)
      no_writer.reset(new Tango::AutoTangoMonitor(&device, true));
    // A client may read the attribute at this moment: between its value and its reply, the value must not
    // change.
    omni_mutex_lock guard(*attribute.get_attr_mutex());
    nxt::set_value(definition, attribute, *value);
    attribute.fire_change_event();
    return 0;
  });
}

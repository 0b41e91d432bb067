// Commands of the devices.
#include "device.hpp"

namespace {

// The argument of a command, and the texts that it borrows.
struct Input {
  nxt_argument argument{0, {nullptr, 0}};
  std::vector<nxt_text> texts;

  void borrow() { argument.texts = nxt_texts{texts.data(), texts.size()}; }
};

class Command : public Tango::Command {
public:
  Command(uint32_t command_index, const nxt_command &command)
      : Tango::Command(nxt::copy(command.name).c_str(),
                       static_cast<Tango::CmdArgType>(command.in_type),
                       static_cast<Tango::CmdArgType>(command.out_type),
                       nxt::copy(command.in_doc).c_str(), nxt::copy(command.out_doc).c_str(),
                       Tango::OPERATOR),
        index(command_index) {}

  CORBA::Any *execute(Tango::DeviceImpl *device, const CORBA::Any &any) override {
    Input input;
    take(any, input);
    nxt_reply reply;
    nxt::server().callbacks.command(static_cast<nxt::Device *>(device)->number(), index,
                                    &input.argument, &reply);
    reply.check();
    return give(reply);
  }

private:
  uint32_t index;

  template <class Number> int64_t number(const CORBA::Any &any) {
    Number value;
    extract(any, value);
    return value;
  }

  void take(const CORBA::Any &any, Input &input) {
    switch (in_type) {
    case NXT_BOOLEAN:
      input.argument.number = number<Tango::DevBoolean>(any);
      break;
    case NXT_LONG64:
      input.argument.number = number<Tango::DevLong64>(any);
      break;
    case NXT_STATE:
      input.argument.number = number<Tango::DevState>(any);
      break;
    case NXT_TEXT: {
      const char *text = nullptr;
      extract(any, text);
      input.texts.push_back(nxt::view(text));
      break;
    }
    case NXT_TEXTS: {
      const Tango::DevVarStringArray *texts = nullptr;
      extract(any, texts);
      for (CORBA::ULong k = 0; k < texts->length(); k++)
        input.texts.push_back(nxt::view((*texts)[k].in()));
      break;
    }
    default:
      break;
    }
    input.borrow();
  }

  CORBA::Any *give(const nxt_reply &reply) {
    switch (out_type) {
    case NXT_BOOLEAN:
      return insert(static_cast<Tango::DevBoolean>(reply.number != 0));
    case NXT_LONG64:
      return insert(static_cast<Tango::DevLong64>(reply.number));
    case NXT_STATE:
      return insert(static_cast<Tango::DevState>(reply.number));
    case NXT_TEXT:
      return insert(reply.text());
    case NXT_TEXTS: {
      auto *texts = new Tango::DevVarStringArray();
      texts->length(reply.texts.size());
      for (size_t k = 0; k < reply.texts.size(); k++)
        (*texts)[k] = CORBA::string_dup(reply.texts[k].c_str());
      return insert(texts);
    }
    default:
      return insert();
    }
  }
};

} // namespace

Tango::Command *nxt::new_command(uint32_t index, const nxt_command &command) {
  return new Command(index, command);
}

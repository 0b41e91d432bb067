// The replies of callbacks, and the errors of calls.
#include "shim.hpp"

void nxt_reply::check() const {
  if (unanswered)
    throw CORBA::TIMEOUT(0, CORBA::COMPLETED_NO);
  if (errors.empty())
    return;
  Tango::DevErrorList list;
  list.length(errors.size());
  for (size_t k = 0; k < errors.size(); k++) {
    list[k].reason = CORBA::string_dup(errors[k].reason.c_str());
    list[k].desc = CORBA::string_dup(errors[k].desc.c_str());
    list[k].origin = CORBA::string_dup(errors[k].origin.c_str());
    list[k].severity = Tango::ERR;
  }
  throw Tango::DevFailed(list);
}

void nxt::add_errors(const nxt_sink &sink, const Tango::DevFailed &failure) {
  for (CORBA::ULong k = 0; k < failure.errors.length(); k++) {
    const Tango::DevError &error = failure.errors[k];
    sink.add_error(sink.context, view(error.reason.in()), view(error.desc.in()), view(error.origin.in()));
  }
}

void nxt::add_error(const nxt_sink &sink, const char *reason, const char *desc) {
  sink.add_error(sink.context, view(reason), view(desc), view(""));
}

// Without memory there is no answer, and the client may try again.
template <class Function> static void add(nxt_reply *reply, Function function) noexcept {
  try {
    function();
  } catch (...) {
    reply->unanswered = true;
  }
}

void nxt_reply_number(nxt_reply *reply, int64_t number) { reply->number = number; }

void nxt_reply_add_number(nxt_reply *reply, int64_t number) {
  add(reply, [&] { reply->numbers.push_back(number); });
}

void nxt_reply_add_text(nxt_reply *reply, nxt_text text) {
  add(reply, [&] { reply->texts.push_back(nxt::copy(text)); });
}

void nxt_reply_add_error(nxt_reply *reply, nxt_text reason, nxt_text desc, nxt_text origin) {
  add(reply, [&] {
    reply->errors.push_back({nxt::copy(reason), nxt::copy(desc), nxt::copy(origin)});
  });
}

void nxt_reply_unanswered(nxt_reply *reply) { reply->unanswered = true; }

nxt_reply *nxt_reply_new(void) { return new (std::nothrow) nxt_reply(); }

void nxt_reply_free(nxt_reply *reply) { delete reply; }

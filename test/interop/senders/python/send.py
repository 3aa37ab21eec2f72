# Copyright The otel-tape Authors
# SPDX-License-Identifier: Apache-2.0

"""Sends some of each signal through the SDK and prints, as JSON, what a receiver has to have of it.

The module `telemetry` is the one of docs/collector.md.
"""

import json

from opentelemetry import metrics, trace
from opentelemetry._logs import LogRecord, SeverityNumber, get_logger

import telemetry

ROUNDS = 250

tracer = trace.get_tracer("sender")
meter = metrics.get_meter("sender")
logger = get_logger("sender")
orders = meter.create_counter("orders")
stock = meter.create_gauge("stock")
sent = {"spans": [], "points": [], "logs": []}


def describe(span):
    context = span.get_span_context()
    return {
        "traceId": trace.format_trace_id(context.trace_id),
        "spanId": trace.format_span_id(context.span_id),
        "name": span.name,
    }


for number in range(ROUNDS):
    name = f"order {number}"
    body = f"{name} is paid, zażółć 🛒"
    with tracer.start_as_current_span(name) as parent:
        with tracer.start_as_current_span("charge") as child:
            logger.emit(LogRecord(body=body, severity_number=SeverityNumber.INFO))
    route = f"/order/{number}"
    orders.add(number + 1, {"route": route})
    stock.set(number + 0.5, {"route": route})
    sent["spans"] += [describe(parent), describe(child)]
    sent["points"] += [
        {"name": "orders", "route": route, "value": str(number + 1)},
        {"name": "stock", "route": route, "value": str(number + 0.5)},
    ]
    sent["logs"].append(body)

telemetry.shutdown()
print(json.dumps(sent))

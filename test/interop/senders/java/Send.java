// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends some of each signal through the SDK and prints, as JSON, what a receiver has to have of it.
 * Telemetry.java beside it is the one of docs/collector.md.
 */
final class Send {
  private static final int ROUNDS = 250;

  public static void main(String[] arguments) {
    var sdk = Telemetry.start();
    var tracer = sdk.getTracer("sender");
    var logger = sdk.getLogsBridge().get("sender");
    var orders = sdk.getMeter("sender").counterBuilder("orders").build();
    var stock = sdk.getMeter("sender").gaugeBuilder("stock").build();
    List<String> spans = new ArrayList<>();
    List<String> points = new ArrayList<>();
    List<String> logs = new ArrayList<>();
    for (int number = 0; number < ROUNDS; number++) {
      String name = "order " + number;
      String body = name + " is paid, zażółć 🛒";
      String route = "/order/" + number;
      Span parent = tracer.spanBuilder(name).startSpan();
      Context around = Context.root().with(parent);
      Span child = tracer.spanBuilder("charge").setParent(around).startSpan();
      logger.logRecordBuilder().setContext(around).setSeverity(Severity.INFO).setBody(body).emit();
      child.end();
      parent.end();
      Attributes attributes = Attributes.of(AttributeKey.stringKey("route"), route);
      orders.add(number + 1, attributes);
      stock.set(number + 0.5, attributes);
      spans.add(describe(parent, name));
      spans.add(describe(child, "charge"));
      points.add(point("orders", route, String.valueOf(number + 1)));
      points.add(point("stock", route, String.valueOf(number + 0.5)));
      logs.add('"' + body + '"');
    }
    new PrintStream(System.out, true, StandardCharsets.UTF_8)
        .printf("{\"spans\":%s,\"points\":%s,\"logs\":%s}%n", spans, points, logs);
  }

  private static String describe(Span span, String name) {
    return "{\"traceId\":\"%s\",\"spanId\":\"%s\",\"name\":\"%s\"}"
        .formatted(span.getSpanContext().getTraceId(), span.getSpanContext().getSpanId(), name);
  }

  private static String point(String name, String route, String value) {
    return "{\"name\":\"%s\",\"route\":\"%s\",\"value\":\"%s\"}".formatted(name, route, value);
  }
}

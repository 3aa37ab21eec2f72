// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Sends some of each signal through the SDK and prints, as JSON, what a receiver has to have of it.
// telemetry.go beside it is the one of docs/collector.md.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otellog "go.opentelemetry.io/otel/log"
	otelmetric "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const rounds = 250

type span struct {
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
	Name    string `json:"name"`
}

type point struct {
	Name  string `json:"name"`
	Route string `json:"route"`
	Value string `json:"value"`
}

type sent struct {
	Spans  []span   `json:"spans"`
	Points []point  `json:"points"`
	Logs   []string `json:"logs"`
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	telemetry, err := startTelemetry(ctx)
	exitOn(err)
	content, err := send(ctx, telemetry)
	exitOn(err)
	exitOn(telemetry.shutdown(ctx))
	exitOn(json.NewEncoder(os.Stdout).Encode(content))
}

func send(ctx context.Context, telemetry *telemetry) (*sent, error) {
	tracer := telemetry.traces.Tracer("sender")
	meter := telemetry.metrics.Meter("sender")
	logger := telemetry.logs.Logger("sender")
	orders, err := meter.Int64Counter("orders")
	if err != nil {
		return nil, err
	}
	stock, err := meter.Float64Gauge("stock")
	if err != nil {
		return nil, err
	}
	content := &sent{}
	for round := 0; round < rounds; round++ {
		name := fmt.Sprintf("order %d", round)
		parentCtx, parent := tracer.Start(ctx, name)
		childCtx, child := tracer.Start(parentCtx, "charge")
		body := name + " is paid, zażółć 🛒"
		var record otellog.Record
		record.SetTimestamp(time.Now())
		record.SetSeverity(otellog.SeverityInfo)
		record.SetBody(otellog.StringValue(body))
		logger.Emit(childCtx, record)
		child.End()
		parent.End()
		content.Spans = append(content.Spans, describe(parent, name), describe(child, "charge"))
		route := fmt.Sprintf("/order/%d", round)
		attributes := otelmetric.WithAttributes(attribute.String("route", route))
		orders.Add(ctx, int64(round+1), attributes)
		stock.Record(ctx, float64(round)+0.5, attributes)
		content.Points = append(content.Points,
			point{"orders", route, fmt.Sprint(round + 1)},
			point{"stock", route, fmt.Sprint(float64(round) + 0.5)})
		content.Logs = append(content.Logs, body)
	}
	return content, nil
}

func describe(ended trace.Span, name string) span {
	context := ended.SpanContext()
	return span{context.TraceID().String(), context.SpanID().String(), name}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

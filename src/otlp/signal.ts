// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** One of the three kinds of telemetry that OTLP carries. */
export type Signal = 'traces' | 'metrics' | 'logs'

/** Every signal, in the order in which tables and listings show them. */
export const SIGNALS: readonly Signal[] = Object.freeze(['traces', 'metrics', 'logs'])

export function isSignal(value: unknown): value is Signal {
  return SIGNALS.includes(value as Signal)
}

/** One value a signal. */
export function forEachSignal<T>(valueOf: (signal: Signal) => T): Record<Signal, T> {
  // Object.fromEntries knows of no keys; SIGNALS are all there are.
  return Object.fromEntries(SIGNALS.map((signal) => [signal, valueOf(signal)])) as Record<Signal, T>
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const MAX_TIMER_MILLIS = 2 ** 31 - 1

/**
 * Keeps the process alive until the returned function is called. What runs in
 * the background of an app holds nothing up: its timers and its waits between
 * two attempts are unref'd. Whoever awaits such work must hold the process, or a
 * program with nothing else to do ends in the middle of it without a word.
 */
export function holdProcess(): () => void {
  const timer = setInterval(() => undefined, MAX_TIMER_MILLIS)
  return () => clearInterval(timer)
}

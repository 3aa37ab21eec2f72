// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { TestCaptureError } from './test-capture-error'

/**
 * Rethrows an error with the stack of `site`, which was made where the wait
 * began. An error that is made when a timer fires has a stack that leads
 * nowhere: a test runner could not show the line of the test that waited.
 */
export function blame(site: Error): (error: unknown) => never {
  return (error) => {
    if (error instanceof TestCaptureError) {
      const frames = site.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
      error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n')
    }
    throw error
  }
}

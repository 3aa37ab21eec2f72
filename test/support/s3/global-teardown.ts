// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

export default async function globalTeardown(): Promise<void> {
  await globalThis.otelTapeTestServer?.stop()
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Server } from '@grpc/grpc-js'
import { describeOtlpFiles, EXPORT_SERVICES } from './grpc-descriptors'

/** What tells clients whether we are there and what we offer. */
export interface Discovery {
  /** From now on the health service says NOT_SERVING. */
  stopServing(): void
}

// The empty name stands for the server as a whole.
const HEALTH_NAMES = ['', ...Object.values(EXPORT_SERVICES)]

/** Adds the standard health service and server reflection (v1 and v1alpha). */
export function addDiscovery(server: Server): Discovery {
  const { HealthImplementation, service } =
    require('grpc-health-check') as typeof import('grpc-health-check')
  const { ReflectionService } = require('@grpc/reflection') as typeof import('@grpc/reflection')
  const health = new HealthImplementation(
    Object.fromEntries(HEALTH_NAMES.map((name) => [name, 'SERVING'])),
  )
  health.addToServer(server)
  // The reflection service takes whole packages of definitions, and of these the files alone.
  const otlp = {
    format: 'Protocol Buffer 3 EnumDescriptorProto' as const,
    type: {},
    fileDescriptorProtos: describeOtlpFiles(),
  }
  new ReflectionService({ otlp, health: service.Check.requestType }).addToServer(server)
  return {
    stopServing: () => HEALTH_NAMES.forEach((name) => health.setStatus(name, 'NOT_SERVING')),
  }
}

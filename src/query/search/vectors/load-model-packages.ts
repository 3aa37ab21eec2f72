// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../../query-error'

// What is used of the two packages. Neither is installed with otel-tape, nor are their types.

export interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string, options: OnnxOptions): Promise<OnnxSession>
  }
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dimensions: number[]) => OnnxTensor
}

export interface OnnxOptions {
  readonly intraOpNumThreads: number
  /** From 0, everything, to 4, what is fatal. */
  readonly logSeverityLevel: number
  /** The runtime's own settings, by the parts of their names. */
  readonly extra: { readonly session: Record<string, Record<string, string>> }
}

export interface OnnxSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  run(inputs: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>
}

export interface OnnxTensor {
  readonly data: unknown
  readonly dims: readonly number[]
}

export interface Tokenizers {
  readonly Tokenizer: new (tokenizer: object, config: object) => Tokenizer
}

export interface Tokenizer {
  encode(text: string): { readonly ids: readonly number[] }
}

/** @throws QueryError of reason `DependencyMissing` */
export function loadOnnxRuntime(): OnnxRuntime {
  return load('onnxruntime-node', () => require('onnxruntime-node') as OnnxRuntime)
}

/** @throws QueryError of reason `DependencyMissing` */
export function loadTokenizers(): Tokenizers {
  return load('@huggingface/tokenizers', () => require('@huggingface/tokenizers') as Tokenizers)
}

function load<T>(name: string, loadPackage: () => T): T {
  try {
    return loadPackage()
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new QueryError(
      'DependencyMissing',
      `the model needs the package ${name}, which can't be loaded (${reason}); run: npm install ` +
        `onnxruntime-node @huggingface/tokenizers (with ONNXRUNTIME_NODE_INSTALL=skip in the ` +
        `environment where nothing but the registry can be reached)`,
      { cause: error },
    )
  }
}

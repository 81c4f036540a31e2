/** An answer that is a JSON-RPC error. Thrown, because that is how a handler of the SDK gives one. */
export class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Codes of JSON-RPC and of MCP (schema 2025-11-25). */
export const INVALID_PARAMS = -32602;
export const INTERNAL = -32603;
export const UNKNOWN_RESOURCE = -32002;

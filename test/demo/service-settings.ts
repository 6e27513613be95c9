/** Settings of one demo service; they reach its process as JSON in the first argument. */
export type ServiceSettings =
  | {
      readonly kind: 'jose';
      readonly issuer: string;
      readonly jwksUri: string;
      readonly cacheMaxAgeMs: number;
      readonly cooldownMs: number;
      readonly service: string;
      readonly instance: string;
      /** gRPC address of the collector. */
      readonly collector: string;
    }
  | {
      readonly kind: 'jwks-rsa';
      readonly issuer: string;
      readonly jwksUri: string;
      readonly cacheMaxAgeMs: number;
    }
  | { readonly kind: 'hono'; readonly issuer: string; readonly jwksUri: string }
  | {
      readonly kind: 'polled';
      readonly issuer: string;
      readonly jwksUri: string;
      readonly pollMs: number;
      readonly service: string;
      readonly instance: string;
      /** Push API of the sidecar. */
      readonly pushUrl: string;
    }
  | {
      readonly kind: 'static';
      readonly issuer: string;
      readonly keyFile: string;
      readonly service: string;
      readonly instance: string;
      readonly pushUrl: string;
    };

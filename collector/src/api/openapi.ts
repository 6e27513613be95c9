import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** How the OpenAPI document is made from the routes. */
export function openApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Keyturn collector',
        version,
        description:
          'Evidence gates for JWT signing-key rotation. Reading needs no token; everything that ' +
          'changes state needs the operator token. Errors are problem details (RFC 9457).',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This collector' }],
      tags: [
        { name: 'gates', description: 'What rotation tooling asks before each irreversible act' },
        { name: 'rotations' },
        { name: 'acts', description: 'What changes state; needs the operator token' },
        { name: 'fleet' },
        { name: 'alerts' },
        { name: 'audit' },
        {
          name: 'history',
          description:
            'What pages draw: kept beside the evidence, no part of it, and read by no gate',
        },
        { name: 'health' },
        { name: 'dashboard', description: 'What the page for people is made of' },
      ],
      components: {
        securitySchemes: {
          operator_token: {
            type: 'http',
            scheme: 'bearer',
            description: 'The token the collector wrote to its operator-token file',
          },
        },
      },
    },
    transform: (input) => {
      const output = jsonSchemaTransform(input);
      const security = input.route.config?.access === 'operator' ? [{ operator_token: [] }] : [];
      return { ...output, schema: { ...output.schema, security } };
    },
    transformObject: jsonSchemaTransformObject,
  };
}

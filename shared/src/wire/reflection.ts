import { FILE_DESCRIPTORS } from './gen/descriptors.ts';

/** What server reflection needs to know of one package; fits proto-loader's PackageDefinition. */
export interface ReflectedFiles {
  readonly format: 'Protocol Buffer 3 DescriptorProto';
  readonly type: object;
  readonly fileDescriptorProtos: Buffer[];
}

/**
 * The protocol for gRPC server reflection, without .proto files at run time:
 * `new ReflectionService(reflectedPackage()).addToServer(server)`.
 */
export function reflectedPackage(): Record<string, ReflectedFiles> {
  return {
    'keyturn.v1': {
      format: 'Protocol Buffer 3 DescriptorProto',
      type: {},
      fileDescriptorProtos: FILE_DESCRIPTORS.map((file) => Buffer.from(file, 'base64')),
    },
  };
}

import { type DescMessage, create, createFileRegistry, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * The messages of the ONNX format that a traced program needs, as field numbers and types. Weights never lie in the
 * message: they are inputs of the graph.
 */
const messages = {
  ModelProto: {
    irVersion: [1, 'int64'],
    producerName: [2, 'string'],
    graph: [7, 'GraphProto'],
    opsetImport: [8, 'OperatorSetIdProto[]'],
    metadataProps: [14, 'StringStringEntryProto[]'],
  },
  OperatorSetIdProto: { domain: [1, 'string'], version: [2, 'int64'] },
  StringStringEntryProto: { key: [1, 'string'], value: [2, 'string'] },
  GraphProto: {
    node: [1, 'NodeProto[]'],
    name: [2, 'string'],
    initializer: [5, 'TensorProto[]'],
    input: [11, 'ValueInfoProto[]'],
    output: [12, 'ValueInfoProto[]'],
  },
  NodeProto: {
    input: [1, 'string[]'],
    output: [2, 'string[]'],
    name: [3, 'string'],
    opType: [4, 'string'],
    attribute: [5, 'AttributeProto[]'],
    domain: [7, 'string'],
  },
  AttributeProto: {
    name: [1, 'string'],
    f: [2, 'float'],
    i: [3, 'int64'],
    s: [4, 'bytes'],
    t: [5, 'TensorProto'],
    floats: [7, 'float[]'],
    ints: [8, 'int64[]'],
    type: [20, 'int32'],
  },
  TensorProto: {
    dims: [1, 'int64[]'],
    dataType: [2, 'int32'],
    name: [8, 'string'],
    rawData: [9, 'bytes'],
    externalData: [13, 'StringStringEntryProto[]'],
    dataLocation: [14, 'int32'],
  },
  ValueInfoProto: { name: [1, 'string'], type: [2, 'TypeProto'] },
  TypeProto: { tensorType: [1, 'TensorTypeProto'], sequenceType: [4, 'SequenceTypeProto'] },
  SequenceTypeProto: { elemType: [1, 'TypeProto'] },
  TensorTypeProto: { elemType: [1, 'int32'], shape: [2, 'TensorShapeProto'] },
  TensorShapeProto: { dim: [1, 'DimensionProto[]'] },
  DimensionProto: { dimValue: [1, 'int64'], dimParam: [2, 'string'] },
} as const;

type Messages = typeof messages;
export type MessageName = keyof Messages;

type Scalar = { string: string; bytes: Uint8Array; int32: number; int64: bigint; float: number };
type One<Type> = Type extends keyof Scalar ? Scalar[Type] : Type extends MessageName ? OnnxMessage<Type> : never;
type Value<Type> = Type extends `${infer Element}[]` ? readonly One<Element>[] : One<Type>;

/** The fields of one ONNX message; all may be left out. */
export type OnnxMessage<Name extends MessageName> = {
  [Field in keyof Messages[Name]]?: Messages[Name][Field] extends readonly [number, infer Type] ? Value<Type> : never;
};

const scalarTypes: Record<string, FieldDescriptorProto_Type> = {
  string: FieldDescriptorProto_Type.STRING,
  bytes: FieldDescriptorProto_Type.BYTES,
  int32: FieldDescriptorProto_Type.INT32,
  int64: FieldDescriptorProto_Type.INT64,
  float: FieldDescriptorProto_Type.FLOAT,
};

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'onnx.proto',
    package: 'onnx',
    syntax: 'proto2',
    messageType: Object.entries(messages).map(([name, fields]) => ({
      name,
      field: Object.entries(fields as Record<string, readonly [number, string]>).map(([field, [number, type]]) => {
        const element = type.replace('[]', '');
        return {
          name: field,
          number,
          label: type.endsWith('[]') ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
          type: scalarTypes[element] ?? FieldDescriptorProto_Type.MESSAGE,
          typeName: element in scalarTypes ? undefined : `.onnx.${element}`,
        };
      }),
    })),
  }),
  () => undefined,
);

const descriptor = (name: MessageName): DescMessage => registry.getMessage(`onnx.${name}`)!;

/** The bytes of a message. */
export const encode = <Name extends MessageName>(name: Name, message: OnnxMessage<Name>): Uint8Array<ArrayBuffer> =>
  toBinary(descriptor(name), create(descriptor(name), message as never));

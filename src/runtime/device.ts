/** Where programs run. `cuda` needs ONNX Runtime's CUDA libraries on the machine. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

const NAMES = /swiftshader|llvmpipe|softpipe|software|basic render/i;

const VERTEX = `#version 300 es
in vec3 vPos;
void main() { gl_Position = vec4(2.0 * vPos.xy - 1.0, 0.0, 1.0); }`;

const FRAGMENT = `#version 300 es
precision highp float;
out vec4 FragColor;
void main() { FragColor = vec4(0.5); }`;

/** Whether WebGL is computed by the processor. */
export function isSoftware(gl) {
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  return NAMES.test(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

/**
 * Spares a processor the gradients of the whole volume, which NiiVue computes for the light of
 * its 3-D picture on every change of a volume, even where no light is asked for.
 */
export function spareGradients(nv) {
  const { constructor: Shader } = nv.blurShader;
  nv.blurShader = new Shader(nv.gl, VERTEX, FRAGMENT);
  nv.sobelFirstOrderShader = nv.blurShader;
}

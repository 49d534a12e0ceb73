/** Stands in for codecs of formats that the page never hands to the viewer. */
export default {
  fromConfig() {
    throw new Error("this codec is not part of the page");
  },
};

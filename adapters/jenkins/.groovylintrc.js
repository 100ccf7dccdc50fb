// What npm-groovy-lint is to find in the library; each rule that is off says why.
module.exports = {
  extends: "recommended-jenkinsfile",
  rules: {
    LineLength: { length: 140 },
    Instanceof: "off", // options come from people's pipelines, so their types are looked at
    ReturnsNullInsteadOfEmptyCollection: "off", // null: no result, or no mistake
    ReturnNullFromCatchBlock: "off", // as above
  },
};

// Package browser holds the tests of the web page in a real Chromium: what
// people do, at the sizes, in the schemes and languages that they have, with
// axe-core (testdata/axe.min.js, 4.14.1, MPL-2.0) looking for what keeps
// somebody out. Screenshots are kept in .local/screenshots, or in the directory
// that NEWSFEED_ARTIFACTS names.
package browser

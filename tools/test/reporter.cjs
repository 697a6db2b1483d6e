// The reporter of `npm test`: mocha's own `spec`, then every skipped test with its reason, and one closing line
// `N passed, N failed, N skipped` that any reader of logs can find. A test that skips says why in its title, or with
// console.log in its body or hook; the last such line is taken for the reason.
'use strict';
const { reporters, Runner } = require('mocha');

const { EVENT_SUITE_BEGIN, EVENT_TEST_BEGIN, EVENT_TEST_PENDING, EVENT_TEST_END, EVENT_RUN_END } = Runner.constants;

class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    const print = console.log;
    let said = '';
    console.log = (...args) => {
      said = String(args[0]).trim();
      print(...args);
    };
    // What a hook said holds for all tests of its suite; what a test said, for itself.
    let began = false;
    const forget = () => (said = '');
    runner.on(EVENT_SUITE_BEGIN, forget);
    runner.on(EVENT_TEST_BEGIN, () => (began = true));
    runner.on(EVENT_TEST_END, () => {
      if (began) forget();
      began = false;
    });
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(said ? `${test.fullTitle()}: ${said}` : test.fullTitle()));
    runner.on(EVENT_RUN_END, () => {
      console.log = print;
      for (const line of skipped) print(`  skipped ${line}`);
      print(`\n${this.stats.passes} passed, ${this.stats.failures} failed, ${skipped.length} skipped`);
    });
  }
}

module.exports = Reporter;

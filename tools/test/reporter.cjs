// The reporter of `npm test`: mocha's own `spec`, then why tests were skipped and how many for each reason, and one
// closing line `N passed, N failed, N skipped` that any reader of logs can find. A test that skips says why with
// console.log in its body or hook (the last such line counts), or in its title after a colon.
'use strict';
const { reporters, Runner } = require('mocha');

const { EVENT_SUITE_BEGIN, EVENT_TEST_BEGIN, EVENT_TEST_PENDING, EVENT_TEST_END, EVENT_RUN_END } = Runner.constants;

class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = new Map();
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
    runner.on(EVENT_TEST_PENDING, ({ title }) => {
      const reason = said || title.slice(title.indexOf(': ') + 1).trim();
      skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
    });
    runner.on(EVENT_RUN_END, () => {
      console.log = print;
      for (const [reason, count] of skipped) print(`  ${count} skipped: ${reason}`);
      print(`\n${this.stats.passes} passed, ${this.stats.failures} failed, ${this.stats.pending} skipped`);
    });
  }
}

module.exports = Reporter;

#!/usr/bin/env node
// Every Node must be able to read this file, so that it can say which one is needed: no syntax after ECMAScript 5.
'use strict'
var version = process.versions.node
var needed = require('../package.json').engines.node.replace('.x', '')
var install = 'Install Node ' + needed + ' from https://nodejs.org and run the command again.'
if (version.split('.')[0] !== needed) {
  console.error('modelops-gateway needs Node ' + needed + ', but this is Node ' + version + '. ' + install)
  process.exit(1)
}
require('../dist/modelops-gateway.js')

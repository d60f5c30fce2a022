#!/usr/bin/env node
// Stands here, and not in dist, so that a workspace can link it before anything is built.
import '../dist/main.js'

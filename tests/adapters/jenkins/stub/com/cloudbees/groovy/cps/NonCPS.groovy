package com.cloudbees.groovy.cps

/** Jenkins' own marks what runs without its transformation; here everything does. */
@interface NonCPS { }

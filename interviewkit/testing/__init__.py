"""For the tests of providers and of programs that use them: scripted answers, and the conformance kit."""

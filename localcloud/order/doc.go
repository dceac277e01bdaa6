// Package order knows what AWS wants to exist before what, and holds a program
// to it: each such dependency must be declared, by an input that names the other
// resource or by DependsOn, or the engine's luck decides. It is a table and a
// check of a graph of registrations; whoever sees registrations can ask it: the
// engine (up, preview and paper alike), and the tests of infra by their mocks.
//
// It does not see what only the text of an input names (a role in a policy
// document, a queue by its ARN in a string that the program wrote itself), nor
// what was made outside the program.
package order

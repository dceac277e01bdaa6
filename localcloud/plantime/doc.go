// Package plantime says how long AWS will take: it runs the dependency graph of
// a stack through the engine's rules, with the time that each kind of resource
// is known to take, and shows the chain of resources that holds it up.
package plantime

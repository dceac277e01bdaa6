package elasticache

import (
	"io"
	"net"
	"sync"

	"newsfeed/localcloud/process"
)

// door is the configuration endpoint: an address that stays, behind which any
// node answers that lives.
type door struct {
	listener net.Listener
	nodes    func() []string // host:port of those that live

	mu    sync.Mutex
	open  map[net.Conn]bool
	shut  bool
	moves sync.WaitGroup
}

func openDoor(addr string, nodes func() []string) (*door, error) {
	listener, err := process.Listen(addr)
	if err != nil {
		return nil, err
	}
	d := &door{listener: listener, nodes: nodes, open: map[net.Conn]bool{}}
	d.moves.Go(d.accept)
	return d, nil
}

func (d *door) accept() {
	for {
		client, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.moves.Go(func() { d.pass(client) })
	}
}

// pass joins a client and the first node that takes it.
func (d *door) pass(client net.Conn) {
	defer client.Close()
	if !d.enter(client) {
		return
	}
	defer d.leave(client)
	for _, addr := range d.nodes() {
		server, err := net.Dial("tcp", addr)
		if err != nil {
			continue
		}
		if !d.enter(server) {
			server.Close()
			return
		}
		defer d.leave(server)
		go func() {
			io.Copy(server, client)
			server.Close()
		}()
		io.Copy(client, server)
		return
	}
}

// enter notes a connection, unless the door is shut.
func (d *door) enter(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[conn] = true
	return !d.shut
}

func (d *door) leave(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, conn)
}

// Close frees the address and cuts who is connected.
func (d *door) Close() {
	d.listener.Close()
	d.mu.Lock()
	d.shut = true
	for conn := range d.open {
		conn.Close()
	}
	d.mu.Unlock()
	d.moves.Wait()
}

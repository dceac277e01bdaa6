package serve

import (
	"encoding/json"
	"net/http"
)

// control answers the command line.
func (d *Daemon) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		reply(w, d.Status(r.Context()), nil)
	})
	mux.HandleFunc("POST /restore", func(w http.ResponseWriter, r *http.Request) {
		reply(w, struct{}{}, d.Restore(r.Context()))
	})
	mux.HandleFunc("POST /sweep", func(w http.ResponseWriter, r *http.Request) {
		var req sweepRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		removed, err := d.provider.Sweep(r.Context(), req.Stack, req.Known)
		reply(w, removed, err)
	})
	mux.HandleFunc("POST /release", func(w http.ResponseWriter, r *http.Request) {
		var in Release
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply(w, struct{}{}, d.release(in))
	})
	mux.HandleFunc("POST /region/{region}/{state}", func(w http.ResponseWriter, r *http.Request) {
		reply(w, struct{}{}, d.setRegion(r.Context(), r.PathValue("region"), RegionState(r.PathValue("state"))))
	})
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, struct{}{}, nil)
		http.NewResponseController(w).Flush() // before the connection is closed
		d.stopOnce.Do(func() { close(d.stop) })
	})
	return mux
}

// Release is a binary for the instances of a region, as `make release` uploads it.
type Release struct {
	Region, Bucket, Key string
	Path                string // of the file on this machine
}

// release uploads the binary, once: what a key holds never changes.
func (d *Daemon) release(r Release) error {
	if _, err := d.s3.Path(r.Bucket, r.Key); err == nil {
		return nil
	}
	return d.s3.Put(r.Region, r.Bucket, r.Key, r.Path)
}

// sweepRequest names what the engine knows of a stack: ids by type.
type sweepRequest struct {
	Stack string              `json:"stack"`
	Known map[string][]string `json:"known"`
}

func reply(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

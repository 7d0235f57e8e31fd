// Stock-gate answers how much of an article is in the hall.
package main

import (
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"log"
	"net/http"
	"os"

	_ "github.com/lib/pq"
)

func main() {
	db, err := sql.Open("postgres", os.Getenv("STOCK_DATABASE"))
	if err != nil {
		log.Fatal(err)
	}
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	http.HandleFunc("/stock", func(w http.ResponseWriter, r *http.Request) {
		all, err := find(r.Context(), db, r.FormValue("article"))
		if err != nil {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		json.NewEncoder(w).Encode(all)
	})
	http.HandleFunc("/refresh", func(w http.ResponseWriter, r *http.Request) {
		address := r.FormValue("from")
		if _, err := http.Get(address); err != nil {
			http.Error(w, "nobody answers", http.StatusBadGateway)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}

//! What a scanned application may answer: pages, OpenAPI documents, certificates. No route leads off
//! the target.

#![no_main]

use dast::fuzz::{addresses, certificate, page};
use libfuzzer_sys::fuzz_target;
use proofhouse_fuzz::named;
use url::Url;

fuzz_target!(|input: &[u8]| {
    let Some((kind, content)) = named(input) else { return };
    match kind {
        "page" => {
            let [links, forms, fields] = page(&String::from_utf8_lossy(content));
            assert!(links <= 2000 && forms <= 100 && fields <= 100);
        }
        "certificate" => drop(certificate(content)),
        _ => {
            let base = Url::parse("http://127.0.0.1:8080/app/").expect("an address");
            for address in addresses(content, &base, "'\"><@//../?#%0d%0a").into_iter().flatten() {
                assert_eq!(address.origin(), base.origin(), "{address}");
            }
        }
    }
});

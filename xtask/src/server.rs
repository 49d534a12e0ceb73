//! A small static server for `www/dist`: right types, right headers, nothing else.

use crate::{dist, headers};
use anyhow::{Context, Result, anyhow};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

/// Browsers open about six connections to one host.
const THREADS: usize = 8;

/// Serves the built page on the loopback address until the process ends.
/// Port 0 takes any free one.
pub fn serve(port: u16) -> Result<()> {
    let site = Arc::new(Site { folder: dist(), headers: headers::read(&dist())? });
    let server = Server::http(("127.0.0.1", port))
        .map_err(|cause| anyhow!("cannot listen on port {port}: {cause}; choose another with --port"))?;
    let address = server.server_addr().to_ip().context("the server has no address")?;
    println!("SA-Swin Web: http://{address}");
    println!("Stop with Ctrl-C.");
    let server = Arc::new(server);
    let workers: Vec<_> = (0..THREADS)
        .map(|_| {
            let (server, site) = (server.clone(), site.clone());
            std::thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    // A browser that went away is no fault of the server.
                    let _ = site.answer(request);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().map_err(|_| anyhow!("a server thread stopped"))?;
    }
    Ok(())
}

struct Site {
    folder: PathBuf,
    headers: Vec<(String, String)>,
}

impl Site {
    fn answer(&self, request: Request) -> std::io::Result<()> {
        if !matches!(request.method(), Method::Get | Method::Head) {
            return request
                .respond(self.dress(Response::from_string("GET or HEAD only\n").with_status_code(405)));
        }
        let Some(path) = locate(&self.folder, request.url()) else {
            return request.respond(self.dress(Response::from_string("not found\n").with_status_code(404)));
        };
        let content_type = content_type(&path);
        let packed = packed_twin(&path).filter(|_| accepts_brotli(&request));
        let file = File::open(packed.as_ref().unwrap_or(&path))?;
        let length = file.metadata()?.len() as usize;
        let mut response = self.dress(Response::new(StatusCode(200), Vec::new(), file, Some(length), None));
        add(&mut response, "Content-Type", content_type);
        add(&mut response, "Cache-Control", cache_control(request.url()));
        if packed.is_some() {
            add(&mut response, "Content-Encoding", "br");
            add(&mut response, "Vary", "Accept-Encoding");
        }
        // Small files too are sent with their length, so that downloads can show progress.
        request.respond(response.with_chunked_threshold(usize::MAX))
    }

    fn dress<R: std::io::Read>(&self, mut response: Response<R>) -> Response<R> {
        for (name, value) in &self.headers {
            add(&mut response, name, value);
        }
        response
    }
}

fn add<R: std::io::Read>(response: &mut Response<R>, name: &str, value: &str) {
    if let Ok(header) = Header::from_bytes(name, value) {
        response.add_header(header);
    }
}

/// The file that a URL names, or `None` where there is none inside `folder`.
fn locate(folder: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let mut file = folder.to_path_buf();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if segment == ".." || segment.contains(['\\', '%', ':']) {
            return None;
        }
        file.push(segment);
    }
    if file.is_dir() {
        file.push("index.html");
    }
    file.is_file().then_some(file)
}

fn packed_twin(path: &Path) -> Option<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    let twin = PathBuf::from(name);
    twin.is_file().then_some(twin)
}

fn accepts_brotli(request: &Request) -> bool {
    request
        .headers()
        .iter()
        .filter(|header| header.field.equiv("Accept-Encoding"))
        .any(|header| header.value.as_str().split(',').any(|coding| coding.trim().starts_with("br")))
}

/// Names under `assets/` carry the hash of their content; all else may change.
fn cache_control(url: &str) -> &'static str {
    if url.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{cache_control, content_type, locate};
    use std::path::Path;

    #[test]
    fn urls_never_leave_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(locate(folder, "/src/main.rs?x=1").is_some());
        for url in ["/../Cargo.toml", "/src/../../Cargo.toml", "/%2e%2e/Cargo.toml", "/src\\main.rs", "/none"]
        {
            assert!(locate(folder, url).is_none(), "{url}");
        }
    }

    #[test]
    fn types_and_lifetimes_follow_the_name() {
        assert_eq!(content_type(Path::new("a/b.wasm")), "application/wasm");
        assert_eq!(content_type(Path::new("scan.nii.gz")), "application/octet-stream");
        assert!(cache_control("/assets/index-1.js").contains("immutable"));
        assert_eq!(cache_control("/index.html"), "no-cache");
    }
}

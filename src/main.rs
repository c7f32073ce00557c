//! temp
fn main() -> anyhow::Result<()> {
    let dir = std::env::args().nth(2).unwrap_or_default();
    match dongliang::directive::load(std::path::Path::new(&dir)) {
        Ok((p, e, w)) => {
            for d in &w {
                println!("warn {}", d.message);
            }
            let r = dongliang::check::run(&p, &e)?;
            for (name, f) in &r.failed {
                println!("✗ {name}");
                for x in f {
                    println!("    {}", x.text);
                }
            }
            println!("{} passed, {} failed", r.passed, r.failed.len());
        }
        Err(d) => {
            for d in d {
                println!("{}:{}:{} {}", d.file, d.line, d.column, d.message);
            }
        }
    }
    Ok(())
}

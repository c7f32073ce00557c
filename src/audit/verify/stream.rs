//! Rows from one thread to another: the one reads the database, the other hashes and compares, each on a core of its own.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::db::{Peek, Row, Tx};

/// A batch is handed over when its texts have this many bytes, or it has this many rows.
const BYTES: usize = 1 << 18;
const ROWS: usize = 1_024;
/// Batches on their way.
const AHEAD: usize = 4;

/// Rows as they were read.
#[derive(Default)]
struct Batch {
    text: String,
    cells: Vec<Cell>,
    rows: usize,
}

#[derive(Clone, Copy)]
enum Cell {
    Null,
    Number(i64),
    /// Begin and end in the batch's text.
    Text(u32, u32),
    Other,
}

/// A row of a batch.
pub(super) struct Copied<'b> {
    text: &'b str,
    cells: &'b [Cell],
}

impl Copied<'_> {
    /// The column at a position.
    pub(super) fn peek(&self, i: usize) -> Peek<'_> {
        match self.cells[i] {
            Cell::Null => Peek::Null,
            Cell::Number(n) => Peek::I64(n),
            Cell::Text(from, to) => Peek::Text(&self.text[from as usize..to as usize]),
            Cell::Other => Peek::Other,
        }
    }
}

impl Batch {
    fn put(&mut self, row: &Row<'_>, width: usize) {
        self.rows += 1;
        for i in 0..width {
            self.cells.push(match row.peek(i) {
                Peek::Null => Cell::Null,
                Peek::I64(n) => Cell::Number(n),
                Peek::Text(t) => {
                    let from = self.text.len() as u32;
                    self.text.push_str(t);
                    Cell::Text(from, self.text.len() as u32)
                }
                Peek::Other => Cell::Other,
            });
        }
    }

    fn is_full(&self) -> bool {
        self.text.len() >= BYTES || self.rows >= ROWS
    }
}

/// Gives every row of a query, of `width` columns, to `each` on another thread, in their order.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn stream(
    tx: &mut Tx<'_>,
    sql: &str,
    width: usize,
    each: &mut (dyn FnMut(&Copied<'_>) + Send),
) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let (out, come) = sync_channel(AHEAD);
        let (back, used) = sync_channel(AHEAD + 2);
        scope.spawn(move || take(&come, &back, width, each));
        read(tx, sql, width, &out, &used)
    })
}

fn read(
    tx: &mut Tx<'_>,
    sql: &str,
    width: usize,
    out: &SyncSender<Batch>,
    used: &Receiver<Batch>,
) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    let gone = || anyhow::anyhow!("核验中断");
    tx.each(sql, &[], |row| {
        batch.put(row, width);
        if batch.is_full() {
            let next = used.try_recv().unwrap_or_default();
            out.send(std::mem::replace(&mut batch, next)).map_err(|_| gone())?;
        }
        Ok(())
    })?;
    out.send(batch).map_err(|_| gone())
}

fn take(come: &Receiver<Batch>, back: &SyncSender<Batch>, width: usize, each: &mut dyn FnMut(&Copied<'_>)) {
    while let Ok(mut batch) = come.recv() {
        for cells in batch.cells.chunks_exact(width.max(1)) {
            each(&Copied { text: &batch.text, cells });
        }
        batch.text.clear();
        batch.cells.clear();
        batch.rows = 0;
        // Given back to be filled again, if there is room.
        let _ = back.try_send(batch);
    }
}

//! The same between a decoder and whoever hears its events: blocks of text become blocks of
//! thinking and of text.

use routectl_core::{Delta, Event, Opaque, Opening, Tags};

use super::{Splitter, Voice};

/// Takes thinking out of the texts of one answer.
#[derive(Debug)]
pub struct TagReader {
    splitter: Splitter,
    told: Told,
    /// What became of the decoder's blocks, by their index.
    blocks: Vec<Block>,
}

/// A block of the decoder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// Text, which may be thinking.
    Text,
    /// Anything else, under its new index.
    Other(u32),
    Closed,
}

/// The blocks that are told.
#[derive(Debug, Default)]
struct Told {
    count: u32,
    /// The block that the text of now goes to.
    open: Option<(Voice, u32)>,
}

impl TagReader {
    /// A reader for one streamed answer.
    pub fn streamed(tags: Tags) -> Self {
        Self::new(Splitter::streamed(tags))
    }

    /// A reader for an answer that is told in one piece.
    pub fn whole(tags: Tags) -> Self {
        Self::new(Splitter::whole(tags))
    }

    fn new(splitter: Splitter) -> Self {
        Self { splitter, told: Told::default(), blocks: Vec::new() }
    }

    /// Takes the decoder's next event and appends what it is told as.
    pub fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        match event {
            Event::Open { block: Opening::Text, .. } => self.blocks.push(Block::Text),
            Event::Open { block, .. } => {
                let index = self.told.begin(block, out);
                self.blocks.push(Block::Other(index));
            }
            Event::Delta { index, delta } => self.grow(index, delta, out),
            Event::Close { index } => self.close(index, out),
            Event::Stop(_) | Event::End | Event::Failed(_) => {
                for index in (0..).take(self.blocks.len()) {
                    if self.block(index) == Some(Block::Text) {
                        self.close(index, out);
                    }
                }
                out.push(event);
            }
            Event::Start(_) | Event::Usage(_) | Event::Alive | Event::Opaque(_) => out.push(event),
        }
    }

    fn block(&self, index: u32) -> Option<Block> {
        self.blocks.get(index as usize).copied()
    }

    fn grow(&mut self, index: u32, delta: Delta, out: &mut Vec<Event>) {
        match (self.block(index), delta) {
            (Some(Block::Text), Delta::Text(text)) => {
                let (told, before) = (&mut self.told, out.len());
                self.splitter.push(&text, &mut |voice, said| told.say(voice, said, out));
                // What is held back is a sign of life.
                if out.len() == before {
                    out.push(Event::Alive);
                }
            }
            (Some(Block::Text), Delta::Opaque(opaque)) => out.push(self.told.about(opaque)),
            (Some(Block::Other(index)), delta) => out.push(Event::Delta { index, delta }),
            (Some(Block::Text | Block::Closed) | None, _) => {}
        }
    }

    fn close(&mut self, index: u32, out: &mut Vec<Event>) {
        match self.block(index) {
            Some(Block::Text) => {
                let told = &mut self.told;
                self.splitter.flush(&mut |voice, said| told.say(voice, said, out));
                told.close(out);
            }
            Some(Block::Other(index)) => out.push(Event::Close { index }),
            Some(Block::Closed) | None => {}
        }
        if let Some(block) = self.blocks.get_mut(index as usize) {
            *block = Block::Closed;
        }
    }
}

impl Told {
    fn begin(&mut self, block: Opening, out: &mut Vec<Event>) -> u32 {
        let index = self.count;
        self.count += 1;
        out.push(Event::Open { index, block });
        index
    }

    fn say(&mut self, voice: Voice, said: &str, out: &mut Vec<Event>) {
        let index = match self.open {
            Some((open, index)) if open == voice => index,
            Some(_) | None => {
                self.close(out);
                let block = match voice {
                    Voice::Thinking => Opening::Reasoning,
                    Voice::Text => Opening::Text,
                };
                let index = self.begin(block, out);
                self.open = Some((voice, index));
                index
            }
        };
        out.push(Event::Delta { index, delta: Delta::Text(said.to_owned()) });
    }

    /// Something about the text so far that only the decoder's format knows.
    fn about(&self, opaque: Opaque) -> Event {
        match self.open {
            Some((Voice::Text, index)) => Event::Delta { index, delta: Delta::Opaque(opaque) },
            Some((Voice::Thinking, _)) | None => Event::Opaque(opaque),
        }
    }

    fn close(&mut self, out: &mut Vec<Event>) {
        if let Some((_, index)) = self.open.take() {
            out.push(Event::Close { index });
        }
    }
}

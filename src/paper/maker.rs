//! Draws a paper: asks for the figures and puts them where they belong.

use std::collections::HashMap;

use super::{
    content::{Content, Figure, Kind, Part, Passage, Piece, Place},
    order, quarterly, states, unit_file,
};
use crate::{
    db::Tx,
    figures::{Demand, Organ, Period, Picture, UnitPicture, organs},
    installation::Installation,
    names::Names,
    scope::Scope,
    spelling::requirement_code,
    subjects,
    verdict::{engine::Engine, item::Item, store::Stored, words, world::UNIT},
};

/// What is to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The kind.
    pub kind: Kind,
    /// The period; `None`: the present.
    pub period: Option<Period>,
    /// Record id of the unit, for the kinds that are about one.
    pub unit: Option<i64>,
    /// Table ids of the requirements, for a 督办单.
    pub requirements: Vec<String>,
}

/// What is said where the unit is the fault.
pub const NO_SUCH_UNIT: &str = "没有这个单位，或者它是科室";

/// Draws it from the verdicts in scope.
///
/// # Errors
/// With the reason in words when there is no such thing to be told; else when the store cannot be read.
pub fn draw(
    tx: &mut Tx<'_>,
    installation: &Installation,
    scope: &Scope,
    wanted: &Wanted,
) -> anyhow::Result<Result<Content, String>> {
    let today = installation.clock.now().day;
    if let Some(period) = wanted.period.as_ref().filter(|p| p.from > today) {
        return Ok(Err(format!("{}还没有开始，没有可写的数据。", period.name())));
    }
    let picture = match &wanted.period {
        Some(period) => Picture::of(tx, installation, scope, period, None)?,
        None => {
            let current = installation.current(tx)?;
            Picture::now(tx, &current, scope, today)?
        }
    };
    if picture.counts.is_empty() {
        let name = wanted.period.as_ref().map_or_else(|| "目前".into(), Period::name);
        return Ok(Err(format!("{name}没有任何判定：请先导入单位、人员和台账，或核对期间。")));
    }
    let organs = organs(tx, &picture.at, scope, picture.until)?;
    let unit = match wanted.unit {
        None => None,
        Some(id) => match organs.iter().find(|o| o.id == id) {
            Some(organ) => Some(organ.clone()),
            None => {
                return Ok(Err(format!("到{}为止{NO_SUCH_UNIT}：请选市级或区县单位。", picture.until.chinese())));
            }
        },
    };
    let mut maker = Maker {
        kind: wanted.kind,
        period: wanted.period.clone(),
        picture: &picture,
        organs,
        issuer: issuer(tx, &picture)?,
        figures: Vec::new(),
        known: HashMap::new(),
        clash: None,
        parts: Vec::new(),
    };
    let done = match (wanted.kind, unit) {
        (Kind::Quarterly, _) => quarterly::draw(&mut maker, tx, scope).map(Ok),
        (Kind::States, _) => states::draw(&mut maker, tx, scope).map(Ok),
        (Kind::UnitFile, Some(unit)) => unit_file::draw(&mut maker, tx, &unit).map(Ok),
        (Kind::Order, Some(unit)) => order::draw(&mut maker, tx, &unit, &wanted.requirements),
        (Kind::UnitFile | Kind::Order, None) => Ok(Err("须指明单位。".into())),
    };
    let done = done?;
    if let Some(clash) = maker.clash {
        anyhow::bail!(clash);
    }
    Ok(done.map(|()| maker.content(wanted)))
}

/// The unit at the top.
fn issuer(tx: &mut Tx<'_>, picture: &Picture) -> anyhow::Result<String> {
    let top = picture.at.organisation.first_unit();
    let names = Names::load(tx, &picture.engine().layout, &[(UNIT, top.into_iter().collect())].into())?;
    Ok(top.map_or("", |t| names.title(UNIT, t)).to_owned())
}

/// A paper in the making.
pub(super) struct Maker<'p> {
    kind: Kind,
    pub(super) period: Option<Period>,
    pub(super) picture: &'p Picture,
    /// By name.
    pub(super) organs: Vec<Organ>,
    pub(super) issuer: String,
    figures: Vec<Figure>,
    /// Positions of the figures by key.
    known: HashMap<String, usize>,
    /// A key that stood for two figures: the paper would say a wrong one.
    clash: Option<String>,
    parts: Vec<Part>,
}

/// Words.
pub(super) fn text(words: impl Into<String>) -> Piece {
    Piece::Text(words.into())
}

impl Maker<'_> {
    pub(super) fn engine(&self) -> &Engine {
        self.picture.engine()
    }

    fn content(self, wanted: &Wanted) -> Content {
        let code = |id: i64| self.organs.iter().find(|o| o.id == id).map(|o| o.code.clone());
        Content {
            kind: self.kind,
            period: self.period.as_ref().map_or_else(String::new, |p| p.label().to_owned()),
            unit: wanted.unit.and_then(code).unwrap_or_default(),
            issuer: self.issuer,
            as_of: self.picture.day.to_string(),
            parts: self.parts,
            figures: self.figures,
        }
    }

    /// `2025年第二季度`; of the present its day.
    pub(super) fn span(&self) -> String {
        self.period.as_ref().map_or_else(|| self.picture.until.chinese(), Period::name)
    }

    /// Below the title of a paper about a period that runs: up to when.
    pub(super) fn running(&self) -> Option<String> {
        let past = self.picture.past.is_some() || self.period.is_none();
        (!past).then(|| format!("截至{}", self.picture.until.chinese()))
    }

    /// A figure; the same key stands for the same figure.
    pub(super) fn figure(
        &mut self,
        key: impl Into<String>,
        name: impl Into<String>,
        text: impl ToString,
        place: Place,
    ) -> Piece {
        let (key, text) = (key.into(), text.to_string());
        if let Some(at) = self.known.get(&key) {
            let there = &self.figures[*at].text;
            if *there != text {
                self.clash = Some(format!("the figure {key} is both {there} and {text}"));
            }
            return Piece::Figure(*at);
        }
        self.known.insert(key.clone(), self.figures.len());
        self.figures.push(Figure { key, name: name.into(), text, place });
        Piece::Figure(self.figures.len() - 1)
    }

    pub(super) fn push(&mut self, part: Part) {
        self.parts.push(part);
    }

    pub(super) fn passage(&mut self, key: &str, label: &str, text: impl Into<String>) {
        let passage = Passage { key: key.into(), label: label.into(), text: text.into(), boxed: false };
        self.parts.push(Part::Passage(passage));
    }

    /// A passage in a box behind its label.
    pub(super) fn boxed(&mut self, key: &str, label: &str, text: impl Into<String>) {
        let passage = Passage { key: key.into(), label: label.into(), text: text.into(), boxed: true };
        self.parts.push(Part::Passage(passage));
    }

    pub(super) fn heading(&mut self, level: u8, pieces: Vec<Piece>) {
        self.parts.push(Part::Heading(level, pieces));
    }

    pub(super) fn text(&mut self, pieces: Vec<Piece>) {
        self.parts.push(Part::Text(pieces));
    }

    /// `干-21`
    pub(super) fn code(&self, i: usize) -> String {
        let r = &self.engine().compiled[i].requirement;
        requirement_code(&r.pillar, &r.id)
    }

    /// The title of a requirement.
    pub(super) fn title(&self, i: usize) -> String {
        self.engine().compiled[i].requirement.title.clone()
    }

    /// Its table id.
    pub(super) fn id(&self, i: usize) -> String {
        self.engine().compiled[i].requirement.id.clone()
    }

    /// The state of a demand on a unit.
    pub(super) fn state(&mut self, organ: &Organ, item: &Item, place: Option<Place>) -> usize {
        let (id, code) = (self.id(item.i), self.code(item.i));
        let place = place.unwrap_or_else(|| Place::Unit(organ.code.clone(), Some(id.clone())));
        let name = format!("{} {code} 判定", organ.name);
        match self.figure(format!("u{}/{id}/state", organ.id), name, state_word(item), place) {
            Piece::Figure(at) | Piece::Sign(at) => at,
            Piece::Text(_) => 0,
        }
    }

    /// Where a demand is explained: its verdict if there is one, else the unit's page.
    pub(super) fn explained(&self, organ: &Organ, demand: &Demand, names: &Names) -> Place {
        match &demand.single {
            Some(v) => self.verdict(demand.item.i, v, names),
            None => Place::Unit(organ.code.clone(), Some(self.id(demand.item.i))),
        }
    }

    pub(super) fn verdict(&self, i: usize, v: &Stored, names: &Names) -> Place {
        let subject = subjects::code(self.engine(), i, &subjects::key(v), names);
        Place::Verdict(self.id(i), subject, v.window.clone())
    }

    /// What is there of what a demand asks of a unit: `20个中14个达标`.
    pub(super) fn value(&mut self, organ: &Organ, d: &Demand, of: &UnitPicture) -> Piece {
        let place = self.explained(organ, d, &of.names);
        let (id, code) = (self.id(d.item.i), self.code(d.item.i));
        self.figure(format!("u{}/{id}/value", organ.id), format!("{} {code} 实际", organ.name), &d.value, place)
    }

    /// The same with what is asked: `20个中14个达标，目标2次`.
    pub(super) fn compared(&mut self, organ: &Organ, d: &Demand, of: &UnitPicture) -> Vec<Piece> {
        let place = self.explained(organ, d, &of.names);
        let (id, code) = (self.id(d.item.i), self.code(d.item.i));
        let mut line = vec![self.value(organ, d, of)];
        if !d.target.is_empty() {
            let target = self.figure(
                format!("u{}/{id}/target", organ.id),
                format!("{} {code} 目标", organ.name),
                &d.target,
                place,
            );
            line.extend([text("，目标"), target]);
        }
        line
    }
}

/// A state as it is told.
pub(super) fn state_word(item: &Item) -> &'static str {
    words::state_word(item.state, item.light, item.late)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        paper::content::SIGNS,
        verdict::{judge::State, light::Light},
    };

    #[test]
    fn every_sign_is_of_a_word_that_is_told() {
        let item = |state, light, late| Item {
            i: 0,
            organ: 0,
            windows: Vec::new(),
            tally: crate::verdict::rollup::Tally::default(),
            state,
            light,
            late,
            shut: None,
        };
        let states = [State::Pass, State::Fail, State::Open, State::Unknown, State::Na];
        let lights = [Light::None, Light::Green, Light::Yellow, Light::Red];
        for word in states.iter().flat_map(|s| lights.map(|l| state_word(&item(*s, l, false)))) {
            assert!(SIGNS.iter().any(|(w, _)| *w == word), "{word}");
        }
        assert_eq!(state_word(&item(State::Fail, Light::Red, true)), "未达标（已补）");
    }
}

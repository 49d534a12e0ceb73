//! The parts of a manifest's check that need more than a line.

use std::collections::BTreeSet;

use super::{
    BothSides, ClassOutput, HalfContrast, InputChannel, Islands, Manifest, ManifestError, OneSided,
    Preprocessing, Region, Shade, Surroundings, Twins, Window,
};

impl Preprocessing {
    /// Whether every scale is a number to divide by and every percentile is one.
    pub(super) fn is_computable(&self) -> bool {
        let window = match self.window {
            Window::Percentiles { low, high, ceiling } => {
                ordered(low, high) && low >= 0.0 && high <= 100.0 && ceiling.is_finite() && ceiling >= 1.0
            }
            Window::Hounsfield { low, high } => ordered(low, high),
            Window::ZScore => true,
        };
        window
            && self.channels.iter().all(|channel| match *channel {
                InputChannel::Scan => true,
                InputChannel::Hounsfield { low, high } | InputChannel::Difference { low, high } => {
                    ordered(low, high)
                }
                InputChannel::Lateral { scale_mm } => (scale_mm as f32).is_normal(),
            })
    }
}

/// Whether two bounds are numbers as the network sees them, the lower one first.
fn ordered(low: f64, high: f64) -> bool {
    low < high && (low as f32).is_finite() && (high as f32).is_finite()
}

/// Whether brightness can be compared by it.
fn is_ratio(ratio: f32) -> bool {
    ratio.is_finite() && ratio >= 0.0
}

impl Manifest {
    /// Whether it has a label of this value.
    fn labels(&self, value: u8) -> bool {
        self.label(value).is_some()
    }

    /// Whether the network tells a class of this value from background and others.
    fn tells(&self, class: u8) -> bool {
        class > 0 && usize::from(class) < self.architecture.out_channels()
    }

    /// What is wrong with `regions`: the volume of an unknown value is 0, and so is that of none.
    fn flaw_of_regions(&self) -> Option<&'static str> {
        let known = |r: &Region| !r.labels.is_empty() && r.labels.iter().all(|v| self.labels(*v));
        (!self.regions.iter().all(known)).then_some("`regions` names values that are not labels, or none")
    }

    /// What is wrong with `pieces`, if there are any.
    fn flaw_of_pieces(&self) -> Option<&'static str> {
        let told = |classes: &Vec<u8>| !classes.is_empty() && classes.iter().all(|class| self.tells(*class));
        self.unless_sound(&self.pieces, told, "`pieces` does not name classes that exclude each other")
    }

    /// What is wrong with `tissues`, if it names any.
    fn flaw_of_tissues(&self) -> Option<&'static str> {
        if self.tissues.is_empty() {
            None
        } else if self.tissues.iter().flatten().any(|v| !self.labels(*v)) {
            Some("`tissues` names values that are not labels")
        } else if self.overlapping || self.tissues.len() > self.labels.len() {
            Some("`tissues` names labels that overlap, or more tissues than labels")
        } else if self.scan_comes_first() {
            None
        } else {
            Some("`tissues` needs the scan as the first of the input channels")
        }
    }

    /// `flaw`, if there are `rules` and not all are sound, or labels overlap.
    fn unless_sound<T>(
        &self,
        rules: &[T],
        sound: impl Fn(&T) -> bool,
        flaw: &'static str,
    ) -> Option<&'static str> {
        let fine = rules.is_empty() || !self.overlapping && rules.iter().all(sound);
        (!fine).then_some(flaw)
    }

    /// What is wrong with `surroundings`, if there are any.
    fn flaw_of_surroundings(&self) -> Option<&'static str> {
        let sound = |s: &Surroundings| {
            self.lies_among(s.label, &s.among)
                && (0.0..=1.0).contains(&s.share)
                && (0.0..=20.0).contains(&s.reach_mm)
        };
        self.unless_sound(
            &self.surroundings,
            sound,
            "`surroundings` needs a label, other classes that exclude it, a share of 0 to 1 and a reach of 0 to 20 mm",
        )
    }

    /// Whether `label` is reported and the classes `among` are others that the network tells apart.
    fn lies_among(&self, label: u8, among: &[u8]) -> bool {
        self.labels(label) && among.iter().all(|class| self.tells(*class) && *class != label)
    }

    /// What is wrong with the margins of labels.
    fn flaw_of_margins(&self) -> Option<&'static str> {
        let compared = self.labels.iter().any(|label| label.certain != 0.0 || label.at_most.is_some());
        (compared && self.overlapping)
            .then_some("`certain` and `at_most` need labels that exclude each other")
    }

    /// What is wrong with `half_contrast`, if there is any.
    fn flaw_of_half_contrast(&self) -> Option<&'static str> {
        let sound = |h: &HalfContrast| {
            self.lies_among(h.label, &h.among)
                && h.reach_mm > 0.0
                && h.reach_mm < h.around_mm
                && h.around_mm <= 20.0
                && is_ratio(h.least_ratio)
        };
        self.unless_sound(
            &self.half_contrast,
            sound,
            "`half_contrast` needs a label, other classes that exclude it, reaches of up to 20 mm, the second the longer one, and a ratio of 0 or more",
        )
    }

    /// What is wrong with `islands`, if there are any.
    fn flaw_of_islands(&self) -> Option<&'static str> {
        let sound = |i: &Islands| {
            self.lies_among(i.label, &i.among)
                && self.lies_among(i.label, &i.of)
                && (0.0..=1.0).contains(&i.share)
                && (0.0..=20.0).contains(&i.reach_mm)
                && is_ratio(i.least_ratio)
                && self.labels.iter().all(|l| l.value != i.label || l.certain == 0.0)
        };
        self.unless_sound(
            &self.islands,
            sound,
            "`islands` needs a label, other classes that exclude it, a share of 0 to 1, a reach of 0 to 20 mm and a ratio; `certain` would drop them",
        )
    }

    /// What is wrong with `both_sides`, if there is any.
    fn flaw_of_both_sides(&self) -> Option<&'static str> {
        let sound = |b: &BothSides| {
            self.lies_among(b.label, &b.among)
                && (0.0..=1.0).contains(&b.share)
                && [b.around_mm, b.reach_mm].iter().all(|mm| (0.0..=20.0).contains(mm))
        };
        self.unless_sound(
            &self.both_sides,
            sound,
            "`both_sides` needs a label, other classes that exclude it, a share of 0 to 1 and reaches of 0 to 20 mm",
        )
    }

    /// What is wrong with `one_sided`, if there is any.
    fn flaw_of_one_sided(&self) -> Option<&'static str> {
        let sound =
            |o: &OneSided| self.labels(o.label) && (0.0..=20.0).contains(&o.reach_mm) && o.at_most >= 0.0;
        self.unless_sound(
            &self.one_sided,
            sound,
            "`one_sided` needs a label that excludes the others and a reach of 0 to 20 mm, and lowers by 0 or more",
        )
    }

    /// What is wrong with `twins`, if there is any.
    fn flaw_of_twins(&self) -> Option<&'static str> {
        let sound = |t: &Twins| {
            self.labels(t.label) && (0.0..=1.0).contains(&t.share) && (0.0..=20.0).contains(&t.reach_mm)
        };
        self.unless_sound(
            &self.twins,
            sound,
            "`twins` needs a label that excludes the others, a share of 0 to 1 and a reach of 0 to 20 mm",
        )
    }

    /// What is wrong with `contrast`, if there is one.
    fn flaw_of_contrast(&self) -> Option<&'static str> {
        let contrast = self.contrast.as_ref()?;
        let built = |shade: &Shade| usize::from(shade.class) < self.architecture.out_channels();
        if self.overlapping || contrast.dark_to_bright.len() < 2 || !contrast.dark_to_bright.iter().all(built)
        {
            Some("`contrast` does not name two or more classes that exclude each other")
        } else if self.scan_comes_first() {
            None
        } else {
            Some("`contrast` needs the scan as the first of the input channels")
        }
    }

    fn scan_comes_first(&self) -> bool {
        matches!(
            self.preprocessing.channels.first(),
            Some(InputChannel::Scan | InputChannel::Hounsfield { .. })
        )
    }

    /// Checks that labels, classes and measures name outputs that are built.
    pub(super) fn check_outputs(&self) -> Result<(), ManifestError> {
        let fail = |reason: String| Err(ManifestError::Inconsistent { name: self.name.clone(), reason });
        let outputs = self.architecture.out_channels();
        let last = if self.overlapping { outputs } else { outputs.saturating_sub(1) };
        if let Some(label) = self.labels.iter().find(|l| l.value == 0 || usize::from(l.value) > last) {
            return fail(format!("label {} has no output channel", label.value));
        }
        let mut values = BTreeSet::new();
        if let Some(label) = self.labels.iter().find(|l| !values.insert(l.value)) {
            return fail(format!("two labels have the value {}", label.value));
        }
        let evidence = self.classes.iter().filter_map(|c| Some((&c.name, c.volume?)));
        for (name, volume) in evidence {
            if !self.labels(volume.label) || volume.half_ml < 0.0 || !volume.grows() {
                return fail(format!(
                    "class `{name}` is read off a volume that is not segmented, or not by growth"
                ));
            }
            if (volume.certainty.is_some() || volume.by_piece) && self.overlapping {
                return fail(format!(
                    "`certainty` and `by_piece` of class `{name}` need labels that exclude each other"
                ));
            }
        }
        let flaw = self
            .flaw_of_regions()
            .or(self.flaw_of_pieces())
            .or(self.flaw_of_tissues())
            .or(self.flaw_of_contrast())
            .or(self.flaw_of_surroundings())
            .or(self.flaw_of_half_contrast())
            .or(self.flaw_of_islands())
            .or(self.flaw_of_both_sides())
            .or(self.flaw_of_one_sided())
            .or(self.flaw_of_twins())
            .or(self.flaw_of_margins());
        if let Some(reason) = flaw {
            return fail(reason.to_owned());
        }
        let shifts = self.classes.iter().filter_map(|c| c.shift);
        if self.midline.is_none() && (shifts.count() > 0 || self.measures.iter().any(|m| m.midline)) {
            return fail(
                "a midline shift is reported, and `midline` does not say where it is measured".to_owned(),
            );
        }
        if self.midline.as_ref().is_some_and(|m| self.overlapping || !m.values().all(|v| self.labels(v))) {
            return fail("`midline` names values that are not labels, or labels that overlap".to_owned());
        }
        if self.classes.iter().filter_map(|c| c.shift).any(|s| s.gain <= 0.0) {
            return fail("a probability falls with the midline shift".to_owned());
        }
        let heads = self.architecture.class_outputs();
        let outputs = self.classes.iter().filter(|c| c.volume.is_none() && c.shift.is_none());
        let indices =
            outputs.map(|c| c.index).chain(self.measures.iter().filter(|m| !m.midline).map(|m| m.index));
        if let Some(index) = indices.into_iter().find(|index| *index >= heads) {
            return fail(format!("class output {index} does not exist ({heads} built)"));
        }
        // At a threshold of 0 what was not found would be reported.
        let sound = |c: &&ClassOutput| c.temperature > 0.0 && c.threshold > 0.0 && c.threshold <= 1.0;
        match self.classes.iter().find(|c| !sound(c)) {
            Some(c) => fail(format!(
                "class `{}` has a temperature or threshold of 0 or less, or a threshold above 1",
                c.name
            )),
            None => Ok(()),
        }
    }
}

/// Whether a name stays in its folder, as a path and as part of an address.
pub(super) fn is_plain(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(allowed)
}

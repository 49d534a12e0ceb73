use super::*;

fn small(lesion: Option<Lesion>, contrast: Contrast) -> Phantom {
    let options = PhantomOptions { dims: [88, 104, 88], spacing: [2.0; 3], lesion, contrast, seed: 1 };
    Phantom::new(&options)
}

#[test]
fn volumes_are_those_of_an_adult() {
    let phantom = small(None, Contrast::T1);
    let within = |tissue, low, high| {
        let volume = phantom.volume_ml(tissue);
        assert!((low..high).contains(&volume), "{tissue:?} {volume:.0} mL");
    };
    within(Tissue::Cortex, 400.0, 700.0);
    within(Tissue::WhiteMatter, 350.0, 700.0);
    within(Tissue::Ventricle, 10.0, 60.0);
    within(Tissue::CerebellarCortex, 50.0, 150.0);
    within(Tissue::BrainStem, 15.0, 60.0);
}

#[test]
fn the_lesion_has_its_volume_and_side() {
    for (side, sign) in [(Side::Left, -1.0), (Side::Right, 1.0)] {
        let phantom = small(Some(Lesion { side, volume_ml: 30.0 }), Contrast::Ct);
        assert!((phantom.volume_ml(Tissue::Lesion) - 30.0).abs() < 0.008);
        for_each_voxel(&phantom.labels.grid, |offset, p| {
            if phantom.labels.voxels[offset] == Tissue::Lesion as u8 {
                assert!(sign * p[0] > 0.0);
            }
        });
    }
}

#[test]
fn every_tissue_keeps_to_its_contrast() {
    for contrast in [Contrast::T1, Contrast::Ct] {
        let phantom = small(Some(Lesion { side: Side::Left, volume_ml: 100.0 }), contrast);
        let mean = |tissue: Tissue| {
            let pairs = phantom.labels.voxels.iter().zip(&phantom.image.voxels);
            let values: Vec<f32> = pairs.filter(|pair| *pair.0 == tissue as u8).map(|pair| *pair.1).collect();
            values.iter().sum::<f32>() / values.len() as f32
        };
        let (white, cortex, lesion) = (mean(Tissue::WhiteMatter), mean(Tissue::Cortex), mean(Tissue::Lesion));
        match contrast {
            Contrast::T1 => {
                assert!(white > cortex + 20.0 && lesion < cortex - 20.0, "{white} {cortex} {lesion}")
            }
            Contrast::Ct => assert!(cortex > white && lesion < white - 5.0, "{white} {cortex} {lesion}"),
        }
    }
}
